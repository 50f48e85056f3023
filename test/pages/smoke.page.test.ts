import { expect, it } from "vitest";
import { describePages, launchChromium } from "./chromium.ts";

describePages("The browser of these tests", () => {
  it("starts, shows a page and runs its script", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(
        "data:text/html,<title>icecore</title><p id=shown></p><script>shown.textContent = 6 * 7</script>",
      );
      expect([await page.title(), await page.textContent("p")]).toEqual(["icecore", "42"]);
    } finally {
      await browser.close();
    }
  });
});
