// The document's own JavaScript in headless Chromium: node grok_3d.mjs PORT FAILING_PORT DOWNLOADS
// Its base URL stands as it is: the browser is told that your-server is here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const [port, failingPort, downloads] = process.argv.slice(2);
const patience = Number(process.env.KINORA_PATIENCE ?? 1);
const script = await readFile(new URL("grok_3d_document.js", import.meta.url), "utf8");
const html = `<!doctype html><meta charset="utf-8"><div id="examples-container"></div><script>${script}</script>`;

async function withPage(serverPort, url, visit) {
	const browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			// The server is on loopback, which a page from elsewhere is not let to.
			"--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
			`--host-resolver-rules=MAP your-server:8000 127.0.0.1:${serverPort}`],
	});
	try {
		const page = await browser.newPage();
		page.setDefaultTimeout(30_000 * patience);
		const lines = [], faults = [];
		page.on("console", (message) => lines.push(message.text()));
		page.on("pageerror", (error) => faults.push(String(error)));
		await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: html }));
		await page.goto(url);
		await visit(page, lines);
		assert.deepEqual(faults, []);
	} finally {
		await browser.close();
	}
}

async function save(download) {
	const name = download.suggestedFilename();
	await download.saveAs(`${downloads}/${name}`);
	return name;
}

// From another origin, which CORS must allow.
await withPage(port, "http://page.example/", async (page, lines) => {
	const coming = page.waitForEvent("download", { timeout: 120_000 * patience });
	await page.evaluate(() => generateAndDownload("A futuristic robot cat with glowing blue eyes"));
	assert.match(await save(await coming), /^[0-9a-f]{8}\.usdz$/);
	assert.ok(lines.every((line) => /^Progress: \d+% - Stage: \w+$/.test(line)), lines.join("\n"));
	assert.equal(lines.at(-1), "Progress: 100% - Stage: complete");
});

// Pictures of examples have relative URLs: this page is the server's own.
await withPage(port, "http://your-server:8000/demo.html", async (page) => {
	await page.evaluate(() => loadExamples());
	const cards = page.locator("#examples-container .example-card");
	assert.deepEqual(await cards.locator("h3").allTextContents(), ["Elon Figurine", "Mars Habitat", "xAI Robot"]);
	await page.waitForFunction(() => [...document.images].every((image) => image.complete));
	for (const width of await cards.locator("img").evaluateAll((images) => images.map((image) => image.naturalWidth)))
		assert.ok(width >= 256, `a picture ${width} px wide`);
	const coming = page.waitForEvent("download");
	await cards.nth(1).click();
	assert.equal(await save(await coming), "ex_mars-habitat.usdz");
});

await withPage(failingPort, "http://page.example/", async (page, lines) => {
	const failed = page.waitForEvent("console", {
		predicate: (message) => message.type() === "error" && message.text().startsWith("Generation failed:"),
		timeout: 120_000 * patience,
	});
	await page.evaluate(() => generateAndDownload("A robot"));
	assert.match((await failed).text(), /^Generation failed: The 3D program failed: /);
	assert.equal(lines.at(-2), "Progress: 0% - Stage: error");
});
