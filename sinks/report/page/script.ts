/** The page's script: it only copies SQL. Without it the buttons stay hidden. */
export const SCRIPT = `
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const sql = document.getElementById(button.dataset.copies);
    let copied = false;
    try {
      await navigator.clipboard.writeText(sql.textContent);
      copied = true;
    } catch {
      getSelection().selectAllChildren(sql);
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? "Copied" : "Selected: copy it with Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}
`;
