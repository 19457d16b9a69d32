// Small helpers. Text from users and the server only ever becomes textContent or an attribute.

export const byId = (id) => document.getElementById(id);

// element("a", {href, class}, child or text, …); a null attribute is left out.
export function element(name, attributes = {}, ...children) {
	return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes))
		if (value !== null && value !== undefined && value !== false)
			node.setAttribute(name, value === true ? "" : value);
	node.append(...children.filter((child) => child !== null));
	return node;
}

export function button(text, onClick, className = "") {
	const node = element("button", { type: "button", class: className || null }, text);
	node.addEventListener("click", onClick);
	return node;
}

// Tells screen readers; a repeated text is told again.
export function say(text) {
	const status = byId("status");
	status.textContent = "";
	setTimeout(() => { status.textContent = text; }, 50);
}

// Shows what went wrong in a form's alert, and marks the fields that the texts begin with.
export function showFaults(form, faults) {
	const box = form.querySelector(".faults");
	const named = faults.map((text) => text.split(" ", 1)[0]);
	box.replaceChildren(...faults.map((text) => element("p", {}, text)));
	let first = null;
	for (const field of form.elements) {
		const wrong = field.name !== "" && named.includes(field.name) && !field.matches(":disabled");
		field.removeAttribute("aria-invalid");
		if (wrong) {
			field.setAttribute("aria-invalid", "true");
			first ??= field;
		}
	}
	first?.focus();
}

// While it runs the form cannot be sent again; its faults are shown in it.
export async function submitting(form, work) {
	const send = form.querySelector("[type=submit]");
	if (send.getAttribute("aria-disabled") === "true")
		return;
	send.setAttribute("aria-disabled", "true");
	showFaults(form, []);
	try {
		await work();
	} catch (error) {
		showFaults(form, error.faults ?? ["The server cannot be reached."]);
	} finally {
		send.removeAttribute("aria-disabled");
	}
}

export function confirmed(question, yes) {
	const dialog = byId("confirm");
	byId("confirm-text").textContent = question;
	byId("confirm-yes").textContent = yes;
	dialog.returnValue = "no";
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
	});
}

// Without https there is no clipboard API; a selection can be copied all the same.
export async function copyFrom(input) {
	input.focus();
	input.select();
	try {
		await navigator.clipboard.writeText(input.value);
	} catch {
		document.execCommand("copy");
	}
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// The API's times are UTC and do not say so.
export const parseTime = (text) => new Date(`${text.replace(/Z$/, "")}Z`);
export const formatTime = (text) => dates.format(parseTime(text));
