/** Hands the browser a file to save, made of texts. */
export function save(name, texts, type = "application/jsonl") {
  const url = URL.createObjectURL(new Blob(texts, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has taken its own hold of the data by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
