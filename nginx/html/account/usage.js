// Credits, counts, and a chart of the last jobs by day.
import { call } from "./api.js";
import { byId, element, parseTime, svg } from "./dom.js";

const DAYS = 14;
const DAY_MS = 86_400_000;
const HEIGHT = 170;
const FOOT = 22; // of the days' names
const LEFT = 26; // of the numbers
const kinds = ["completed", "active", "failed", "cancelled"]; // from the bottom up

let shown = null; // that the chart shows

const dayName = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const resetTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

function showCredits(usage) {
	const meter = byId("credits");
	meter.max = usage.daily_limit;
	meter.low = usage.daily_limit / 10;
	meter.optimum = usage.daily_limit;
	meter.value = usage.credits_remaining;
	byId("credits-left").textContent = usage.credits_remaining;
	byId("credits-of").textContent = `of ${usage.daily_limit} jobs left today`;
	byId("credits-reset").textContent =
		`Full again at ${resetTime.format(parseTime(usage.reset_time))}`;
}

function showCounts(usage) {
	const counts = {
		"Last 24 hours": usage.recent_24h_jobs, Completed: usage.completed_jobs,
		"In work": usage.queued_jobs + usage.processing_jobs, Failed: usage.failed_jobs,
		Cancelled: usage.cancelled_jobs, "In all": usage.total_jobs,
	};
	byId("counts").replaceChildren(...Object.entries(counts).map(([name, count]) =>
		element("div", {}, element("dt", {}, name), element("dd", {}, String(count)))));
}

// One object for each of the last days: {time, completed, active, failed, cancelled, all}.
function byDay(jobs) {
	const today = Math.floor(Date.now() / DAY_MS);
	const days = Array.from({ length: DAYS }, (_, i) => ({
		time: (today - DAYS + 1 + i) * DAY_MS, completed: 0, active: 0, failed: 0, cancelled: 0, all: 0,
	}));
	for (const job of jobs) {
		const day = days[Math.floor(parseTime(job.created_at) / DAY_MS) - today + DAYS - 1];
		if (!day)
			continue;
		day[kinds.includes(job.status) ? job.status : "active"]++;
		day.all++;
	}
	return days;
}

const describe = (day) => `${dayName.format(day.time)}: ` +
	(kinds.filter((kind) => day[kind]).map((kind) => `${day[kind]} ${kind}`).join(", ") || "none");

function bar(day, x, width, scale) {
	const column = svg("g", {}, svg("title", {}, describe(day)));
	let y = HEIGHT - FOOT;
	for (const kind of kinds.filter((name) => day[name] > 0)) {
		const height = day[kind] * scale;
		y -= height;
		column.append(svg("rect", { class: kind, x, y, width, height, rx: 2 }));
	}
	return column;
}

// Whole numbers, at most five of them: 0, 1, 2 or 0, 5, 10, …
function ticksTo(most) {
	const step = [1, 2, 5, 10, 20, 25, 50].find((size) => most / size <= 4) ?? 100;
	return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

function chart(days, width) {
	const ticks = ticksTo(Math.max(...days.map((day) => day.all), 2));
	const scale = (HEIGHT - FOOT - 10) / ticks.at(-1);
	const step = (width - LEFT) / DAYS;
	const lines = ticks.flatMap((tick) => {
		const y = HEIGHT - FOOT - tick * scale;
		return [svg("line", { x1: LEFT, x2: width, y1: y, y2: y }),
			svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, String(tick))];
	});
	const every = step < 24 ? 4 : 2; // a day's name is as wide as two or more columns
	const columns = days.flatMap((day, i) => {
		const x = LEFT + i * step;
		const label = (DAYS - 1 - i) % every === 0
			? svg("text", { x: Math.min(x + step / 2, width - 20), y: HEIGHT - 5, "text-anchor": "middle" }, dayName.format(day.time))
			: "";
		return [bar(day, x + step * 0.18, step * 0.64, scale), label];
	});
	return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img",
		"aria-label": `Jobs by day. ${days.filter((day) => day.all).map(describe).join(". ") || "None"}` },
	...lines, ...columns);
}

function legend() {
	return element("ul", { class: "legend", "aria-hidden": "true" },
		...kinds.map((kind) => element("li", { class: kind }, kind === "active" ? "in work" : kind)));
}

// In the width that there is, so that its text has the page's size.
function draw() {
	const width = byId("chart").clientWidth;
	if (shown && width > 0)
		byId("chart").replaceChildren(chart(shown, width), legend());
}

addEventListener("resize", draw);

// jobs: the history as far as the API gives it; without, only the numbers are read again.
export async function showUsage(jobs) {
	if (jobs) {
		byId("chart-title").textContent = `Jobs by day, the last ${DAYS} days` +
			(jobs.length >= 100 ? ", of the last 100 jobs" : "");
		shown = byDay(jobs);
		draw();
	}
	await startUsage();
}

export async function startUsage() {
	const usage = await call("GET", "usage");
	showCredits(usage);
	showCounts(usage);
}
