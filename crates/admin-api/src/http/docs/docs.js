// Logs in, fetches the document with the token, and hands both to Swagger UI. The token lives in this page only.
const form = document.getElementById("login");

async function open(username, password) {
  const login = await fetch("/api/admin/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  const session = await login.json();
  if (!login.ok) throw new Error(session.error);
  const authorization = `Bearer ${session.access_token}`;
  const document_ = await fetch("/api/admin/openapi.json", { headers: { authorization } });
  if (!document_.ok) throw new Error(`the document could not be fetched: ${document_.status}`);
  SwaggerUIBundle({
    spec: await document_.json(),
    dom_id: "#swagger-ui",
    deepLinking: true,
    requestInterceptor: (request) => {
      request.headers.authorization = authorization;
      return request;
    },
  });
  form.remove();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { username, password } = form.elements;
  open(username.value, password.value).catch((error) => {
    form.querySelector("output").textContent = error.message;
  });
});
