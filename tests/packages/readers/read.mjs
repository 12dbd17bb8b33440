// Print the rows of every table, as frictionless.js has them. Call it with the descriptors of packages.
import path from "node:path";
import frictionless from "frictionless.js";

const found = {};
for (const file of process.argv.slice(2)) {
  const dataset = await frictionless.Dataset.load(file);
  for (const one of dataset.resources.filter((resource) => resource.descriptor.schema)) {
    const rows = [];
    for await (const row of await one.rows({ keyed: true })) rows.push(row);
    const name = `${path.basename(path.dirname(file))}/${one.descriptor.name}`;
    // It keeps the byte order mark, which Excel needs, in the first heading.
    const columns = Object.keys(rows[0] ?? {}).map((heading) => heading.replace(/^\uFEFF/, ""));
    found[name] = { columns, rows: rows.length };
  }
}
console.log(JSON.stringify(found));
