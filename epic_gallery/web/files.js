// From what a person drops or chooses to a list of pictures with their paths.

const PICTURES = /\.(jpe?g|jpe|jfif|mpo|a?png|webp|hei[cf]|hif|avif|gif|bmp|dib|tiff?)$/i;

/** A picture and where it lies below what was chosen. */
const found = (file, path) => ({ file, path });

const isPicture = ({ file, path }) =>
  !path.split("/").some((part) => part.startsWith(".")) &&
  (PICTURES.test(file.name) || (file.type.startsWith("image/") && file.type !== "image/svg+xml"));

/** Return the pictures among files, and how many others there were. */
function sorted(files) {
  const pictures = files.filter(isPicture);
  const hidden = files.filter(({ path }) => path.split("/").pop().startsWith("."));
  return { pictures, others: files.filter((f) => !isPicture(f) && !hidden.includes(f)).length };
}

/** Files of an input; of a folder the paths are below it. */
export function fromInput(input) {
  const files = [...input.files].map((file) =>
    found(file, file.webkitRelativePath.split("/").slice(1).join("/") || file.name),
  );
  input.value = "";
  return sorted(files);
}

/** Files and folders that were dropped. */
async function fromDrop(transfer) {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const files = [];
  const onlyFolder = entries.length === 1 && entries[0]?.isDirectory;
  for (const entry of entries) {
    if (entry instanceof File) files.push(found(entry, entry.name));
    else if (entry) await walk(entry, "", files, onlyFolder);
  }
  return sorted(files);
}

async function walk(entry, folder, files, isTop = false) {
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(null)));
    if (file) files.push(found(file, folder + file.name));
    return;
  }
  const reader = entry.createReader();
  const below = isTop ? "" : `${folder}${entry.name}/`;
  for (;;) {
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) return;
    for (const child of some) await walk(child, below, files);
  }
}

/** Take what is dropped anywhere on the page, and show where it can be dropped meanwhile. */
export function onDrop(take) {
  let depth = 0; // Of elements that files are dragged over.
  const show = () => document.body.classList.toggle("dragged", depth > 0);
  const count = (change) => (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    depth += change;
    show();
  };
  addEventListener("dragenter", count(1));
  addEventListener("dragleave", count(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", async (event) => {
    event.preventDefault();
    depth = 0;
    show();
    if (!document.querySelector("dialog[open]")) take(await fromDrop(event.dataTransfer));
  });
}
