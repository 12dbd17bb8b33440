"use strict";
// Offers the figure as PNG, drawn at twice its size with the fonts of this device. A page opened
// from disk may not read its own figure; then the link stays hidden.

const link = document.getElementById("png");
const figure = new Image();

figure.addEventListener("load", () => {
  const canvas = document.createElement("canvas");
  canvas.width = 2 * figure.naturalWidth;
  canvas.height = 2 * figure.naturalHeight;
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.drawImage(figure, 0, 0);
  try {
    link.href = canvas.toDataURL("image/png");
    link.download = decodeURIComponent(figure.src).split("/").pop().replace(/svg$/, "png");
    link.hidden = false;
  } catch {
    link.hidden = true;
  }
});
if (link && location.protocol !== "file:") figure.src = document.getElementById("figure").href;
