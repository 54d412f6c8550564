/** A worker that reads JPEGs and brings them to their size, so that the page draws meanwhile. Takes `{number, jpeg, options}`. */

onmessage = async ({ data: { number, jpeg, options } }) => {
  const blob = new Blob([jpeg], { type: "image/jpeg" });
  const image = await createImageBitmap(blob, options).catch(() => null);
  postMessage({ number, image }, image ? [image] : []);
};
