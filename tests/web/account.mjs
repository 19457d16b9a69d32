// A person on the account page, in headless Chromium: node account.mjs URL PICTURE SCREENSHOTS HOLD
// The first job goes on when there is a file HOLD/start, and from its first two figures when HOLD/seen-1 and seen-2 are there.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const [base, picture, shots, hold] = process.argv.slice(2);
const password = "correct horse battery";
const patience = Number(process.env.KINORA_PATIENCE ?? 1);
const complaints = []; // of the browser: policy violations, script errors

async function open(browser, options) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(30_000 * patience);
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("console", (message) => {
		// A 401 tells that nobody is signed in, and a refused form is a 4xx: the browser logs both.
		if (message.type() === "error" && !message.text().includes("Failed to load resource"))
			complaints.push(message.text());
	});
	return page;
}

async function noSidewaysScroll(page) {
	const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
	assert.ok(wide <= there, `the page is ${wide} px wide in a window of ${there} px`);
}

// Labels, roles, contrast and the like, as axe sees them.
async function isAccessible(page, where) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => window.axe.run());
	const found = violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.target).join(", ")}`);
	assert.deepEqual(found, []);
}

// Tab comes to everything that can be used, and shows where it is. Of a radio group it comes to one.
async function tabReachesAll(page) {
	const wanted = await page.evaluate(() => {
		const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
		const usable = all.filter((node) => !node.disabled && !node.closest("[hidden], fieldset:disabled, dialog:not([open])") &&
			(node.type !== "radio" || node.checked));
		usable.forEach((node, i) => { node.dataset.tab = i; });
		document.activeElement.blur();
		return usable.map((node) => node.dataset.tab);
	});
	const reached = new Set();
	for (let i = 0; i < 2 * wanted.length + 20; i++) {
		await page.keyboard.press("Tab");
		const { tab, marked, name } = await page.evaluate(() => {
			const node = document.activeElement;
			const near = [node, node.nextElementSibling, node.parentElement];
			const isMarked = (style) => (style.outlineStyle !== "none" && style.outlineWidth !== "0px") || style.boxShadow !== "none";
			return { tab: node.dataset.tab, name: node.outerHTML.slice(0, 120),
				marked: near.some((it) => it && isMarked(getComputedStyle(it))) };
		});
		if (tab === undefined)
			continue; // the document itself, or within a video's controls
		assert.ok(marked, `nothing shows that the focus is on ${name}`);
		reached.add(tab);
	}
	assert.deepEqual(wanted.filter((tab) => !reached.has(tab)), []);
}

// With the keyboard alone.
async function signUp(page, name) {
	await page.goto(`${base}/account`);
	await page.getByLabel("Sign in", { exact: true }).focus();
	await page.keyboard.press("ArrowRight");
	assert.ok(await page.getByLabel("Sign up", { exact: true }).isChecked());
	await page.keyboard.press("Tab");
	await page.keyboard.type(name);
	await page.keyboard.press("Tab");
	await page.keyboard.type(password);
	await page.keyboard.press("Enter");
	await page.locator("#workspace").waitFor();
	assert.equal(await page.locator("#who-name").textContent(), name);
}

async function createKey(page) {
	await page.getByLabel("Name", { exact: true }).fill("<b>laptop</b>");
	await page.keyboard.press("Enter");
	await page.locator("#fresh-key").waitFor();
	const key = await page.getByLabel("The new key").inputValue();
	assert.match(key, /^kn_[0-9a-f]{72}$/);
	await page.getByRole("button", { name: "Copy" }).click();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
	await page.getByText("<b>laptop</b>").waitFor(); // text, not markup
	const answer = await fetch(`${base}/api/v1/usage`, { headers: { "X-API-Key": key } });
	assert.equal(answer.status, 200);
	return key;
}

async function generate(page, prompt) {
	await page.getByLabel("Prompt", { exact: true }).fill(prompt);
	await page.locator("#image").setInputFiles(picture);
	await page.locator("#picture").waitFor();
	await page.getByLabel("Veo 3.1").check({ force: true });
	await page.getByLabel("Camera").selectOption("Zoom (in)");
	await page.getByLabel("Environment").selectOption("Snow");
	await page.getByRole("button", { name: "Generate" }).click();
}

async function faultsAreShown(page) {
	await page.getByRole("button", { name: "Generate" }).click();
	await page.getByText("prompt is required").waitFor();
	assert.equal(await page.locator("#prompt").getAttribute("aria-invalid"), "true");
	assert.ok(await page.locator("#prompt").evaluate((node) => node === document.activeElement));
}

// Progress must be seen to move, and the film to play.
async function watch(page) {
	const card = page.locator(".job").last();
	const seen = new Set();
	const end = Date.now() + 90_000 * patience;
	writeFileSync(`${hold}/start`, "");
	while (await card.getAttribute("data-status") !== "completed") {
		assert.ok(Date.now() < end, "the job did not end");
		const bar = card.locator("progress");
		if (await bar.count())
			seen.add(await bar.getAttribute("value", { timeout: 500 }).catch(() => null));
		seen.delete(null);
		if (seen.size > 0 && seen.size <= 2)
			writeFileSync(`${hold}/seen-${seen.size}`, "");
		await page.waitForTimeout(100);
	}
	assert.ok(seen.size >= 2, `progress was ${[...seen]}`);
	await card.locator("video").evaluate(async (video) => {
		video.muted = true;
		await video.play();
	});
	await page.waitForFunction(() => document.querySelector("video").currentTime > 0.3);
	await page.locator("video").evaluateAll((videos) => videos.forEach((video) => video.pause()));
}

async function cancelQueued(page) {
	const card = page.locator(".job[data-status=queued]").first();
	await card.getByRole("button", { name: "Cancel" }).click();
	await page.getByRole("button", { name: "Cancel the job" }).click();
	await page.locator(".job[data-status=cancelled]").first().waitFor();
}

// With the keyboard alone, and with a picture that is not to be had: the reason is shown.
async function generateByKeyboard(page) {
	await page.locator("#prompt").focus();
	await page.keyboard.type("A picture from nowhere");
	await page.keyboard.press("Tab");
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("Tab");
	await page.keyboard.type("https://127.0.0.1/picture.png");
	await page.keyboard.press("Tab");
	await page.keyboard.press("ArrowRight");
	assert.ok(await page.getByLabel("Veo 3.1").isChecked());
	await page.keyboard.press("ArrowLeft");
	await page.locator("#image_url").focus();
	await page.keyboard.press("Enter");
	const card = page.locator(".job[data-status=failed]").first();
	await card.waitFor({ timeout: 90_000 * patience });
	await card.getByText("not on the public internet").waitFor();
}

async function revokeKey(page, key) {
	await page.getByRole("button", { name: "Revoke <b>laptop</b>" }).click();
	await page.getByRole("button", { name: "Revoke", exact: true }).click();
	await page.getByText("Revoked and expired keys").click();
	const answer = await fetch(`${base}/api/v1/usage`, { headers: { "X-API-Key": key } });
	assert.equal(answer.status, 401);
}

async function photograph(browser, state) {
	for (const colorScheme of ["light", "dark"])
		for (const width of [1280, 375]) {
			const page = await open(browser, { colorScheme, viewport: { width, height: 900 }, storageState: state });
			await page.goto(`${base}/account`);
			await page.locator(state ? "#workspace video" : "#welcome").first().waitFor();
			await page.waitForFunction(() =>
				[...document.querySelectorAll("video")].every((video) => video.readyState >= 2));
			await page.waitForTimeout(500);
			await noSidewaysScroll(page);
			await isAccessible(page, `${state ? "workspace" : "welcome"}, ${colorScheme}, ${width} px`);
			const name = `${state ? "workspace" : "welcome"}-${colorScheme}-${width}`;
			await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
			await page.context().close();
		}
}

const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
	const page = await open(browser, { permissions: ["clipboard-read", "clipboard-write"] });
	await signUp(page, `ann-${Date.now()}`);
	const key = await createKey(page);
	await faultsAreShown(page);
	await generate(page, "A paper boat drifts across a moonlit lake");
	await page.locator(".job").first().waitFor();
	await generate(page, "<img src=x onerror=alert(1)> waits in the queue");
	await page.locator(".job").nth(1).waitFor();
	await generate(page, "A third one");
	await page.locator(".job").nth(2).waitFor();
	await page.screenshot({ path: `${shots}/working.png`, fullPage: true });
	await isAccessible(page, "working");
	await cancelQueued(page);
	await watch(page);
	await page.reload();
	await page.locator("video").first().waitFor();
	const state = await page.context().storageState();
	await photograph(browser, state);
	await tabReachesAll(page);
	await generateByKeyboard(page);
	await revokeKey(page, key);
	await isAccessible(page, "a failed job and a revoked key");
	await page.getByRole("button", { name: "Sign out" }).focus();
	await page.keyboard.press("Enter");
	await page.locator("#welcome").waitFor();
	await tabReachesAll(page);
	assert.deepEqual((await page.context().cookies()).filter((cookie) => cookie.value), []);
	await photograph(browser, undefined);
	assert.deepEqual(complaints, []);
} finally {
	await browser.close();
}
