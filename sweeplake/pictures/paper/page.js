// Draws each figure in its place: light or dark as the reader likes it, light on paper.
"use strict";

const themes = JSON.parse(document.getElementById("themes").textContent);
const figures = [...document.querySelectorAll("script.figure")].map((script) => JSON.parse(script.textContent));
const places = [...document.querySelectorAll("[data-figure]")];
const likesDark = window.matchMedia("(prefers-color-scheme: dark)");
const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };

function draw(theme) {
  for (const place of places) {
    const { data, layout } = figures[Number(place.dataset.figure)];
    Plotly.react(place, data, { ...layout, template: themes[theme] }, config);
  }
}

const liked = () => (likesDark.matches ? "dark" : "light");
likesDark.addEventListener("change", () => draw(liked()));
window.addEventListener("beforeprint", () => draw("light"));
window.addEventListener("afterprint", () => draw(liked()));
draw(liked());
