// Calls of the API in the session's name.
let csrfToken = "";
let signedOut = () => {};

export function setCsrfToken(token) {
	csrfToken = token;
}

// Called when an answer says that the session is over.
export function onSignedOut(callback) {
	signedOut = callback;
}

// faults: the server's texts, one for each thing that is wrong.
export class ApiError extends Error {
	constructor(status, body) {
		const { error = "The server did not answer as expected", details = [] } = body ?? {};
		const faults = Array.isArray(details) ? details : [details];
		super(error);
		this.status = status;
		this.faults = faults.length > 0 ? faults : [error];
		if (status === 429)
			this.faults = [`${error}. Try again in ${waitText(body?.retry_after ?? 60)}.`];
	}
}

function waitText(seconds) {
	return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

// body: a FormData, an object that becomes JSON, or nothing.
export async function call(method, path, body) {
	const headers = {};
	if (method !== "GET")
		headers["X-CSRF-Token"] = csrfToken;
	if (body !== undefined && !(body instanceof FormData)) {
		headers["Content-Type"] = "application/json";
		body = JSON.stringify(body);
	}
	const response = await fetch(`/api/v1/${path}`, { method, headers, body });
	const answer = await response.json().catch(() => null);
	if (response.ok)
		return answer;
	if (response.status === 401 && csrfToken !== "") {
		csrfToken = "";
		signedOut();
	}
	throw new ApiError(response.status, answer);
}
