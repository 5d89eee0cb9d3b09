// Renders /openapi.json, and sends requests to this shop. The token stays in this tab's memory. Text goes into the
// page through textContent alone, so nothing that the shop answers can become markup.
"use strict";

const main = document.getElementById("main");
const token = document.getElementById("token");
let api;

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function resolved(node) {
  if (!node || !node.$ref) return node;
  return node.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.allOf) return schema.allOf.filter((part) => part.$ref).map(typeOf).join(" & ");
  if (schema.type === "array") return typeOf(schema.items) + "[]";
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]
    .filter((bound) => schema[bound] !== undefined).map((bound) => `${bound} ${schema[bound]}`);
  return [schema.format || schema.type || "any", ...bounds].join(", ");
}

function schemaTable(schema) {
  const shown = resolved(schema);
  if (shown.type === "array") return schemaTable(shown.items);
  if (!shown.properties) return undefined;
  const rows = Object.entries(shown.properties).map(([name, property]) => {
    const required = (shown.required || []).includes(name);
    const inner = property.type === "array" || property.$ref ? schemaTable(property) : undefined;
    return element("tr", {}, element("td", {}, element("code", { textContent: name + (required ? "" : "?") })),
      element("td", { className: "soft" }, typeOf(property), inner),
      element("td", {}, property.description || ""));
  });
  return element("table", {}, ...rows);
}

function contentOf(holder) {
  const [type, content] = Object.entries(holder.content || {})[0] || [];
  return { type, schema: content && content.schema, example: content && content.example };
}

function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function responseView(status, raw) {
  const response = resolved(raw);
  const { schema, example, type } = contentOf(response);
  return element("tr", {}, element("td", {}, element("code", { textContent: status })),
    element("td", {}, response.description, type && element("span", { className: "soft", textContent: ` ${type}` }),
      status < 300 && schema ? schemaTable(schema) : undefined,
      status < 300 && example !== undefined ? element("pre", { textContent: pretty(example) }) : undefined));
}

// The request as the fields say it.
function requestOf(path, method, fields, body, contentType) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path;
  for (const { parameter, input } of fields) {
    if (input.value === "") continue;
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    if (parameter.in === "query") query.set(parameter.name, input.value);
    if (parameter.in === "header") headers[parameter.name] = input.value;
  }
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  const options = { method: method.toUpperCase(), headers };
  if (body && body.value.trim() !== "") {
    headers["Content-Type"] = contentType;
    options.body = body.value;
  }
  return { target: query.size ? `${target}?${query}` : target, options };
}

async function showAnswer(answer, output, abort) {
  const head = [`${answer.status} ${answer.statusText}`,
    ...[...answer.headers].map(([name, value]) => `${name}: ${value}`)].join("\n");
  output.textContent = `${head}\n\n`;
  const isStream = (answer.headers.get("Content-Type") || "").startsWith("text/event-stream");
  if (!isStream) {
    const text = await answer.text();
    try {
      output.textContent += pretty(JSON.parse(text));
    } catch {
      output.textContent += text;
    }
    return;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    output.textContent = (output.textContent + part.value).slice(-20000);
    if (!output.isConnected) abort.abort();
  }
}

function tryView(path, method, operation) {
  const fields = [...(api.paths[path].parameters || []), ...(operation.parameters || [])].map(resolved).map((parameter) => ({
    parameter, input: element("input", { placeholder: typeOf(parameter.schema), value: parameter.in === "path" ? "1" : "" }) }));
  const content = operation.requestBody && contentOf(operation.requestBody);
  const body = content && element("textarea", { value: content.example ? pretty(content.example) : "", ariaLabel: "body" });
  const output = element("pre", { hidden: true, tabIndex: 0 });
  const send = element("button", { type: "button", textContent: "Send" });
  let abort;
  send.onclick = async () => {
    if (abort) abort.abort();
    abort = new AbortController();
    output.hidden = false;
    output.textContent = "...";
    const { target, options } = requestOf(path, method, fields, body, content && content.type);
    try {
      await showAnswer(await fetch(target, { ...options, signal: abort.signal }), output, abort);
    } catch (error) {
      if (error.name !== "AbortError") output.textContent += `\n${error}`;
    }
  };
  const labels = fields.map(({ parameter, input }) =>
    element("label", {}, element("code", { textContent: parameter.name }),
      element("span", { className: "soft", textContent: ` ${parameter.in} ${parameter.description || ""}` }), input));
  return element("div", {}, element("h3", { textContent: "Try it" }), ...labels, body, send, output);
}

function operationView(path, method, operation) {
  const inside = element("div", { className: "inside" });
  const view = element("details", { className: "operation" },
    element("summary", {}, element("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      element("code", { textContent: path }), element("span", { textContent: operation.summary }),
      element("span", { className: "who", textContent: operation["x-access"] })), inside);
  view.dataset.text = `${method} ${path} ${operation.summary}`.toLowerCase();
  view.addEventListener("toggle", () => {
    if (!view.open || inside.childNodes.length) return;
    const body = operation.requestBody && contentOf(operation.requestBody);
    inside.append(...[operation.description && element("p", { textContent: operation.description }),
      body && element("h3", { textContent: "Body" }), body && schemaTable(body.schema),
      element("h3", { textContent: "Answers" }),
      element("table", {}, ...Object.entries(operation.responses).map(([status, response]) => responseView(status, response))),
      tryView(path, method, operation)].filter(Boolean));
  });
  return view;
}

function render() {
  const parts = api.info.description.split("\n\n").map((text) => element("p", { textContent: text }));
  for (const tag of api.tags) {
    const views = [];
    for (const [path, operations] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (method === "parameters") continue;
        if (operation.tags.includes(tag.name)) views.push(operationView(path, method, operation));
      }
    }
    parts.push(element("h2", { textContent: `${tag.name}: ${tag.description}` }), ...views);
  }
  main.replaceChildren(...parts);
}

document.getElementById("search").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const view of document.querySelectorAll("details.operation")) view.hidden = !view.dataset.text.includes(wanted);
});

fetch("/openapi.json").then((answer) => answer.json()).then((document_) => {
  api = document_;
  render();
}).catch((error) => {
  main.textContent = `The description could not be read: ${error}`;
});
