// Runs before the page is drawn, so that neither the language nor the colours jump.
(() => {
  const root = document.documentElement;
  const stored = (name) => {
    try {
      return localStorage.getItem(`epic.${name}`);
    } catch {
      return null;
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    root.dataset.theme = stored("theme") ?? (dark.matches ? "dark" : "light");
  };
  paint();
  dark.addEventListener("change", paint);
  const wanted = navigator.languages ?? [navigator.language ?? "en"];
  const known = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ar" || tag === "en");
  root.lang = stored("language") ?? known ?? "en";
  root.dir = root.lang === "ar" ? "rtl" : "ltr";
})();
