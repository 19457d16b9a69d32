// The account page: shows the welcome or the workspace, and starts its parts.
import { onSignedOut } from "./api.js";
import { byId, say } from "./dom.js";
import { startGenerate } from "./generate.js";
import { startJobs, stopJobs } from "./jobs.js";
import { startKeys } from "./keys.js";
import { currentSession, signOut, startCredentials } from "./session.js";
import { startUsage, showUsage } from "./usage.js";

function showWelcome() {
	stopJobs();
	for (const id of ["workspace", "who", "sections"])
		byId(id).hidden = true;
	byId("welcome").hidden = false;
}

function showWorkspace(session) {
	byId("who-name").textContent = session.username;
	for (const id of ["workspace", "who", "sections"])
		byId(id).hidden = false;
	byId("welcome").hidden = true;
	startJobs(showUsage);
	startKeys();
	startUsage();
}

async function start() {
	startCredentials((session) => {
		showWorkspace(session);
		say(`Signed in as ${session.username}`);
		byId("prompt").focus({ preventScroll: true });
	});
	startGenerate();
	byId("sign-out").addEventListener("click", async () => {
		await signOut();
		showWelcome();
		say("Signed out");
		byId("username").focus();
	});
	onSignedOut(showWelcome);

	const session = await currentSession();
	if (session)
		showWorkspace(session);
	else
		showWelcome();
}

start();
