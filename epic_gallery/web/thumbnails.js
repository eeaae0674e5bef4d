// Small copies of pictures, made when they come into view and given back when they are done with.
import { ask } from "./api.js";

const SIDE = 320; // Pixels of the shorter side: sharp on a phone, light with thousands.
const AT_ONCE = 3;

const waiting = [];
const urls = new Map(); // Picture -> object URL.
let running = 0;
let generation = 0;

const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.push([target, target.picture]);
    }
    pump();
  },
  { rootMargin: "600px 0px" },
);

/** Fill the image of a card once it is near. */
export function watch(card) {
  observer.observe(card);
}

/** Give back the memory of all of them. */
export function forgetAll() {
  generation += 1;
  waiting.length = 0;
  observer.disconnect();
  for (const url of urls.values()) URL.revokeObjectURL(url);
  urls.clear();
}

export const urlOf = (picture) => urls.get(picture);

function pump() {
  while (running < AT_ONCE && waiting.length) {
    const [card, picture] = waiting.shift();
    running += 1;
    show(card, picture).finally(() => {
      running -= 1;
      pump();
    });
  }
}

async function show(card, picture) {
  const mine = generation;
  if (!urls.has(picture)) {
    const blob = await (picture.file ? shrunk(picture) : fetched(picture)).catch(() => null);
    if (mine !== generation) return;
    if (blob) urls.set(picture, URL.createObjectURL(blob));
  }
  const image = card.querySelector("img");
  const url = urls.get(picture);
  if (url) {
    image.onload = () => card.classList.add("loaded");
    image.src = url;
  } else {
    card.classList.add("blind");
  }
}

async function fetched({ path }) {
  const response = await ask(`/v1/gallery/thumbnail?${new URLSearchParams({ path })}`);
  return response.blob();
}

/** Return a small JPEG of a file; fails for a format that this browser can't show. */
async function shrunk({ file }) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.min(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
}
