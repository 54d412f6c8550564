/** A worker that makes JPEGs, so that the page draws meanwhile. Takes `{image, width, height, quality}`, and answers with the bytes. */

onmessage = async ({ data: { image, width, height, quality } }) => {
  try {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d", { alpha: false }).drawImage(image, 0, 0, width, height);
    image.close();
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
    const bytes = await blob.arrayBuffer();
    postMessage(bytes, [bytes]);
  } catch {
    postMessage(null);
  }
};
