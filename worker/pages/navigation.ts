/** At the head of the pages for people. */
export const navigation = `<nav aria-label="Pages"><a href="/">Dockup</a> <a href="/settings">Settings</a> <a href="/swagger">Swagger UI</a> <a href="/llms.txt">llms.txt</a> <span id="who"></span> <button type="button" id="log-out" hidden>Log out</button></nav>`;
