// Reads the YAML documents of `kubectl kustomize` from standard input, and prints every fault; exit code 1 if there is one.
// Objects named with --given Kind/name may be referred to without being among them (an overlay's base, a person's secret).
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const given = new Set(process.argv.flatMap((argument, i) => (process.argv[i - 1] === "--given" ? [argument] : [])));
const objects = parseAllDocuments(readFileSync(0, "utf8")).map((document) => {
  if (document.errors.length > 0) throw document.errors[0];
  return document.toJS();
}).filter((object) => object);
const faults = [];
const names = new Set([...given, ...objects.map((object) => `${object.kind}/${object.metadata.name}`)]);

for (const object of objects) {
  const where = `${object.kind}/${object.metadata?.name}`;
  await checkSchema(object, where);
  if (["Deployment", "StatefulSet", "DaemonSet"].includes(object.kind)) checkWorkload(object, where);
  if (object.kind === "Service") checkService(object, where);
  if (object.kind === "PodDisruptionBudget") checkSelector(object.spec.selector.matchLabels, where);
  if (object.kind === "HorizontalPodAutoscaler") {
    const target = object.spec.scaleTargetRef;
    refer(`${target.kind}/${target.name}`, where);
  }
}

if (objects.length === 0) faults.push("no object was read");
for (const fault of faults) console.error(fault);
console.log(`${objects.length} objects, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);

async function checkSchema(object, where) {
  let model;
  try {
    model = (await import(`kubernetes-models/${object.apiVersion}/${object.kind}`))[object.kind];
  } catch {
    faults.push(`${where}: there is no ${object.kind} in ${object.apiVersion}`);
    return;
  }
  try {
    new model(object).validate();
  } catch (error) {
    faults.push(`${where}: ${error.message}`);
  }
}

function checkWorkload(object, where) {
  const pod = object.spec.template.spec;
  const labels = object.spec.template.metadata.labels;
  for (const [key, value] of Object.entries(object.spec.selector.matchLabels))
    if (labels[key] !== value) faults.push(`${where}: its selector wants ${key}=${value}, its pods have ${labels[key]}`);
  if (object.kind === "StatefulSet") refer(`Service/${object.spec.serviceName}`, where);
  refer(`ServiceAccount/${pod.serviceAccountName}`, where);
  if (!pod.securityContext?.runAsNonRoot || !pod.securityContext?.runAsUser) faults.push(`${where}: may run as root`);
  if (!(pod.terminationGracePeriodSeconds >= 30)) faults.push(`${where}: has no time to drain`);
  const volumes = new Set([...(pod.volumes ?? []), ...(object.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata)].map((v) => v.name));
  for (const volume of pod.volumes ?? []) {
    if (volume.secret) refer(`Secret/${volume.secret.secretName}`, where);
    if (volume.configMap) refer(`ConfigMap/${volume.configMap.name}`, where);
  }
  for (const container of pod.containers) checkContainer(container, volumes, `${where}/${container.name}`);
}

function checkContainer(container, volumes, where) {
  const security = container.securityContext ?? {};
  if (!security.readOnlyRootFilesystem) faults.push(`${where}: its root file system can be written`);
  if (security.allowPrivilegeEscalation !== false) faults.push(`${where}: may gain privileges`);
  if (!security.capabilities?.drop?.includes("ALL")) faults.push(`${where}: keeps capabilities`);
  for (const probe of ["readinessProbe", "livenessProbe"]) if (!container[probe]) faults.push(`${where}: has no ${probe}`);
  if (!container.resources?.requests?.memory || !container.resources?.limits?.memory) faults.push(`${where}: has no memory request and limit`);
  if (!container.lifecycle?.preStop && !where.includes("redis")) faults.push(`${where}: does not wait for its endpoint to leave before it stops`);
  for (const source of container.envFrom ?? []) refer(`ConfigMap/${source.configMapRef.name}`, where);
  for (const mount of container.volumeMounts ?? []) if (!volumes.has(mount.name)) faults.push(`${where}: mounts ${mount.name}, which is no volume`);
  const ports = new Set((container.ports ?? []).map((port) => port.name));
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    const port = container[probe]?.httpGet?.port ?? container[probe]?.tcpSocket?.port;
    if (typeof port === "string" && !ports.has(port)) faults.push(`${where}: ${probe} asks port ${port}, which it does not have`);
  }
}

function checkService(object, where) {
  checkSelector(object.spec.selector, where);
}

function checkSelector(selector, where) {
  const pods = objects.filter((other) => other.spec?.template?.metadata?.labels);
  if (!pods.some((pod) => Object.entries(selector).every(([key, value]) => pod.spec.template.metadata.labels[key] === value)))
    faults.push(`${where}: selects no pods of these objects`);
}

function refer(name, where) {
  if (!names.has(name)) faults.push(`${where}: names ${name}, which is not among the objects`);
}
