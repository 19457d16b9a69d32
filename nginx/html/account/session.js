// Signing up, in and out.
import { call, setCsrfToken } from "./api.js";
import { byId, showFaults, submitting } from "./dom.js";

const intents = {
	login: { verb: "Sign in", autocomplete: "current-password" },
	register: { verb: "Sign up", autocomplete: "new-password" },
};

// The session that the browser's cookie names, or null.
export async function currentSession() {
	try {
		const session = await call("GET", "account");
		setCsrfToken(session.csrf_token);
		return session;
	} catch {
		return null;
	}
}

export async function signOut() {
	try {
		await call("POST", "account/logout");
	} catch {
		// The session was over already, or the server is away: the page forgets it all the same.
	}
	setCsrfToken("");
}

export function startCredentials(onSession) {
	const form = byId("credentials");
	const intent = () => intents[form.elements.intent.value];

	form.addEventListener("change", (event) => {
		if (event.target.name !== "intent")
			return;
		form.querySelector("[type=submit]").textContent = intent().verb;
		byId("password").autocomplete = intent().autocomplete;
		form.classList.toggle("registering", form.elements.intent.value === "register");
		showFaults(form, []);
	});
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		submitting(form, async () => {
			const session = await call("POST", `account/${form.elements.intent.value}`, {
				username: byId("username").value.trim(),
				password: byId("password").value,
			});
			setCsrfToken(session.csrf_token);
			byId("password").value = "";
			onSession(session);
		});
	});
}
