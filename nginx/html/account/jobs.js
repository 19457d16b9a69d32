// Recent jobs: previews, live progress, cancel.
import { call } from "./api.js";
import { button, byId, confirmed, element, formatTime, say } from "./dom.js";

const PAGE = 12;
const MOST = 100; // the API's limit
const FASTEST_MS = 1000;
const SLOWEST_MS = 8000;

let shown = PAGE;
let cards = new Map(); // job id → card
let pause = FASTEST_MS;
let timer = 0;
let changed = () => {}; // told the list after each change
let wired = false;

const isActive = (job) => job.status === "queued" || job.status === "processing";
const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

// Links are used by path, so that the page's own origin serves them whatever public_url says.
function pathOf(url) {
	const { pathname, search } = new URL(url, location.href);
	return pathname + search;
}

function stageOf(job) {
	if (job.status === "completed" && job.result_url) {
		const src = pathOf(job.result_url);
		return element("video", { src, controls: true, preload: "metadata", playsinline: true,
			loop: true, "aria-label": `Video: ${short(job.prompt)}` });
	}
	if (!isActive(job)) {
		const expired = job.status === "completed" ? "The video is no longer kept" : null;
		return element("div", { class: "stage" },
			element("p", {}, expired ?? job.error_message ?? `Job ${job.status}`));
	}
	const percent = job.progress ?? 0;
	return element("div", { class: "stage" },
		element("progress", { max: 100, value: percent, "aria-label": `Progress: ${short(job.prompt)}` }),
		element("p", {}, job.status === "queued" ? "Waiting for a worker" : `${percent} %`));
}

async function cancel(job) {
	if (!await confirmed(`Cancel “${short(job.prompt)}”?`, "Cancel the job"))
		return;
	try {
		await call("POST", `cancel/${job.job_id}`);
		say("The job is cancelled");
	} catch (error) {
		say(error.faults?.join(" ") ?? "The server cannot be reached");
	}
	await refresh(job.job_id);
	changed();
}

function actionsOf(job) {
	if (job.status === "queued")
		return [button("Cancel", () => cancel(job), "quiet")];
	if (job.status === "completed" && job.result_url)
		return [element("a", { class: "quiet", href: pathOf(job.result_url),
			download: `${job.job_id}.mp4` }, "Download")];
	return [];
}

function draw(job) {
	const old = cards.get(job.job_id);
	if (old && old.job.status === job.status && !isActive(job))
		return;
	if (old && old.job.status === job.status)
		old.stage.replaceChildren(...stageOf(job).childNodes);
	else
		build(job, old);
	cards.get(job.job_id).job = job;
}

function build(job, old) {
	const stage = stageOf(job);
	const node = element("li", { class: "job", "data-id": job.job_id, "data-status": job.status },
		stage,
		element("div", { class: "job-text" },
			element("p", { class: "prompt", title: job.prompt }, job.prompt),
			element("p", { class: "muted" },
				element("span", { class: `pill ${job.status}` }, job.status),
				` ${job.model} · ${formatTime(job.created_at)}`)),
		element("div", { class: "actions" }, ...actionsOf(job)));
	const hadFocus = old?.node.contains(document.activeElement);
	old?.node.replaceWith(node);
	cards.set(job.job_id, { node, stage, job });
	if (hadFocus)
		(node.querySelector("button, a") ?? byId("jobs-title")).focus();
}

// The list as the history has it; cards that stay keep their video and their focus.
async function reload() {
	const { jobs } = await call("GET", `history?limit=${MOST}`);
	const visible = jobs.slice(0, shown);
	const keep = new Set(visible.map((job) => job.job_id));
	for (const [id, card] of cards)
		if (!keep.has(id)) {
			card.node.remove();
			cards.delete(id);
		}
	for (const [i, job] of visible.entries()) {
		draw({ ...cards.get(job.job_id)?.job, ...job });
		const { node } = cards.get(job.job_id);
		const list = byId("job-list");
		if (list.children[i] !== node)
			list.insertBefore(node, list.children[i] ?? null);
	}
	byId("no-jobs").hidden = jobs.length > 0;
	byId("more-jobs").hidden = jobs.length <= shown;
	changed(jobs);
}

async function refresh(id) {
	const before = cards.get(id)?.job;
	const job = { ...before, ...await call("GET", `status/${id}`) };
	if (!cards.has(id))
		return;
	draw(job);
	if (job.status !== before.status) {
		say(`${short(job.prompt)}: ${job.status}`);
		pause = FASTEST_MS;
	}
}

// Polls what is still going on; less and less often while nothing changes.
async function tick() {
	const active = [...cards.values()].filter((card) => isActive(card.job));
	const before = active.map((card) => `${card.job.status}${card.job.progress}`).join();
	try {
		if (!document.hidden)
			await Promise.all(active.map((card) => refresh(card.job.job_id)));
		const after = active.map(({ job }) => cards.get(job.job_id)?.job)
			.map((job) => `${job?.status}${job?.progress}`).join();
		pause = before === after ? Math.min(pause * 1.3, SLOWEST_MS) : FASTEST_MS;
		if (active.some(({ job }) => !isActive(cards.get(job.job_id)?.job ?? job)))
			await reload();
	} catch {
		pause = SLOWEST_MS; // the server is away; it comes back
	}
	schedule();
}

function schedule() {
	clearTimeout(timer);
	timer = 0;
	if ([...cards.values()].some((card) => isActive(card.job)))
		timer = setTimeout(tick, pause);
}

export async function addJob(id) {
	pause = FASTEST_MS;
	await reload();
	schedule();
	const { node } = cards.get(id) ?? {};
	node?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

export async function startJobs(onChange) {
	changed = onChange;
	if (!wired)
		byId("more-jobs").addEventListener("click", async () => {
			shown = shown === PAGE ? MOST / 2 : MOST;
			await reload();
			schedule();
		});
	wired = true;
	await reload();
	schedule();
}

export function stopJobs() {
	clearTimeout(timer);
	for (const card of cards.values())
		card.node.remove();
	cards = new Map();
	shown = PAGE;
}
