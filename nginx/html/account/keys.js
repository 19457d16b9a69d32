// API keys: create, copy, revoke.
import { call } from "./api.js";
import { button, byId, confirmed, copyFrom, element, formatTime, parseTime, say, submitting } from "./dom.js";

let wired = false;

const isDead = (key) =>
	key.revoked_at !== null || (key.expires_at !== null && parseTime(key.expires_at) <= new Date());

function lifeOf(key) {
	if (key.revoked_at !== null)
		return `revoked ${formatTime(key.revoked_at)}`;
	if (key.expires_at !== null)
		return `${isDead(key) ? "expired" : "expires"} ${formatTime(key.expires_at)}`;
	return `created ${formatTime(key.created_at)}`;
}

async function revoke(key) {
	if (!await confirmed(`Revoke “${key.name}”? Programs that use it stop working at once.`, "Revoke"))
		return;
	await call("DELETE", `keys/${key.id}`);
	say(`${key.name} is revoked`);
	await showKeys();
	byId("key-name").focus();
}

function row(key) {
	const limits = `${key.hour_limit} requests an hour, ${key.day_limit} a day`;
	const text = element("div", {},
		element("p", { class: "key-name" }, key.name, " ", element("code", {}, key.key)),
		element("p", { class: "muted" }, `${lifeOf(key)} · ${limits}`));
	if (isDead(key))
		return element("li", { class: "dead" }, text);
	const end = button("Revoke", () => revoke(key), "quiet");
	end.setAttribute("aria-label", `Revoke ${key.name}`);
	return element("li", {}, text, end);
}

async function showKeys() {
	const { keys } = await call("GET", "keys");
	const dead = keys.filter(isDead);
	const live = keys.filter((key) => !isDead(key));
	byId("key-list").replaceChildren(...live.map(row));
	byId("dead-key-list").replaceChildren(...dead.map(row));
	byId("dead-keys").hidden = dead.length === 0;
	byId("no-keys").hidden = live.length > 0;
}

function showFresh(text) {
	byId("fresh-text").value = text;
	byId("fresh-key").hidden = text === "";
	byId("fresh-copy").textContent = "Copy";
}

function wire() {
	const form = byId("new-key");
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		submitting(form, async () => {
			const days = form.elements.expires.value;
			const wanted = { name: form.elements.name.value.trim() };
			if (days !== "")
				wanted.expires_in_days = Number(days);
			const key = await call("POST", "keys", wanted);
			form.reset();
			showFresh(key.key);
			say(`The key ${key.name} is made. Copy it now.`);
			await showKeys();
			byId("fresh-copy").focus();
		});
	});
	byId("fresh-copy").addEventListener("click", async () => {
		await copyFrom(byId("fresh-text"));
		byId("fresh-copy").textContent = "Copied";
		byId("fresh-copy").focus();
		say("The key is copied");
	});
	byId("fresh-done").addEventListener("click", () => {
		showFresh("");
		byId("key-name").focus();
	});
}

export function startKeys() {
	if (!wired)
		wire();
	wired = true;
	showFresh("");
	showKeys();
}
