// The form that makes a job.
import { call } from "./api.js";
import { byId, say, submitting } from "./dom.js";
import { addJob } from "./jobs.js";

const FRAMES_A_SECOND = 16; // of Wan 2.1

// Only the chosen model's and source's fields exist for the browser and for screen readers.
function showChosen(form) {
	for (const part of form.querySelectorAll("[data-model]")) {
		part.hidden = part.dataset.model !== form.elements.model.value;
		part.disabled = part.hidden;
	}
	for (const part of form.querySelectorAll("[data-source]")) {
		part.hidden = part.dataset.source !== form.elements.source.value;
		for (const input of part.querySelectorAll("input"))
			input.disabled = part.hidden;
	}
}

function showFrames() {
	const seconds = Number(byId("length").value) / FRAMES_A_SECOND;
	byId("length-hint").textContent = `${seconds.toFixed(1)} s at ${FRAMES_A_SECOND} fps`;
}

function showPicture() {
	const [file] = byId("image").files;
	const picture = byId("picture");
	picture.hidden = !file;
	byId("picture-name").textContent = file ? file.name : "Choose a file or drop one here";
	if (!file)
		return;
	const reader = new FileReader(); // a data: URL, because the policy allows no blob:
	reader.addEventListener("load", () => { picture.src = reader.result; });
	reader.readAsDataURL(file);
}

function acceptDrops(area) {
	area.addEventListener("dragover", (event) => {
		event.preventDefault();
		area.classList.add("over");
	});
	area.addEventListener("dragleave", () => area.classList.remove("over"));
	area.addEventListener("drop", (event) => {
		event.preventDefault();
		area.classList.remove("over");
		byId("image").files = event.dataTransfer.files;
		showPicture();
	});
}

// What the API knows: no "source", and no empty file or URL, which it would count as sent.
function requestOf(form) {
	const data = new FormData(form);
	data.delete("source");
	if (!byId("image").files.length)
		data.delete("image");
	if (data.get("image_url") === "")
		data.delete("image_url");
	return data;
}

export function startGenerate() {
	const form = byId("generate-form");
	form.addEventListener("change", () => showChosen(form));
	byId("length").addEventListener("input", showFrames);
	byId("image").addEventListener("change", showPicture);
	acceptDrops(form.querySelector(".drop"));
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		submitting(form, async () => {
			const job = await call("POST", "generate", requestOf(form));
			say(`The job is accepted. It takes ${job.estimated_wait_time.replace("~", "about ")}.`);
			addJob(job.job_id);
		});
	});
	showChosen(form); // a reload may have kept what was chosen
	showFrames();
	showPicture();
}
