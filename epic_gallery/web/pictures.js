// The pictures, what was found about each, and what a person changed.

/** Classes that are nobody's clutter: pictures of these stay where they are. */
const STAYING = new Set(["personal", "personalPhotos", "selfies", "other", "real"]);

export class Pictures extends EventTarget {
  /** @param {string[]} classes - What the model tells apart. */
  constructor(model, classes) {
    super();
    this.model = model;
    this.classes = classes;
    this.folders = null; // Of the service's folder: the classes that are moved.
    this.all = [];
    this.history = [];
    this.isLocked = false; // While they lie in other places than the plan says.
  }

  /** Groups in the order in which they are shown: what is dear first, then what needs a look. */
  get groups() {
    const dear = this.classes.filter((name) => this.stays(name));
    const rest = this.classes.filter((name) => !this.stays(name));
    return [...dear, "unsure", ...rest, "unread"];
  }

  stays = (name) => (this.folders ? !this.folders.includes(name) : STAYING.has(name));

  add(picture) {
    picture.number = this.all.length;
    this.all.push(picture);
  }

  /** Take what the service says about a picture. */
  answer(picture, found) {
    const { index, name, ...rest } = found;
    Object.assign(picture, rest, { isDone: true });
    this.#tell("answer", picture);
  }

  get done() {
    return this.all.filter((picture) => picture.isDone);
  }

  /** The group of a picture: a class, "unsure" or "unread". */
  groupOf(picture) {
    return picture.chosen ?? this.guessOf(picture);
  }

  guessOf(picture) {
    if (picture.error) return "unread";
    if (this.folders) {
      if (picture.folder) return picture.folder;
      return this.folders.includes(picture.label) ? "unsure" : picture.label;
    }
    return picture.decision === "unsure" ? "unsure" : picture.label;
  }

  /** Put a picture into another class, or back with null. */
  choose(picture, name) {
    if (this.isLocked || picture.error) return;
    const chosen = name === picture.label && this.guessOf(picture) === name ? null : name;
    if (chosen === (picture.chosen ?? null)) return;
    this.history.push([picture, picture.chosen ?? null]);
    this.#set(picture, chosen);
  }

  undo() {
    if (this.isLocked) return null;
    const [picture, before] = this.history.pop() ?? [];
    if (picture) this.#set(picture, before);
    return picture ?? null;
  }

  #set(picture, chosen) {
    picture.chosen = chosen;
    this.#tell("choice", picture);
  }

  get changed() {
    return this.all.filter((picture) => picture.chosen);
  }

  /** Pictures that go into a folder, with its name. */
  get moves() {
    return this.done
      .filter((picture) => !picture.error)
      .map((picture) => [picture, this.groupOf(picture)])
      .filter(([, group]) => group !== "unsure" && !this.stays(group));
  }

  #tell(type, picture) {
    this.dispatchEvent(Object.assign(new Event(type), { picture }));
  }
}

/** What networks make of the lines and of the whole can't be checked by looking: it comes last. */
const LAST = ["writing:", "embedding:"];
const lateness = (reason) => LAST.findIndex((start) => String(reason.column).startsWith(start));

/** The reasons for the group of a picture, in the language of the page. */
export function reasonsOf(picture, language, most = 3) {
  const mine = (picture.reasons ?? []).filter((reason) => reason.toward === picture.label);
  const late = new Map(mine.map((one) => [one.text[language] ?? one.text.en, lateness(one)]));
  return [...late.keys()].slice(0, most).sort((one, other) => late.get(one) - late.get(other));
}
