/**
 * What the signed-in principal may do, from `GET /v1/session`. The server decides; this only keeps the pages from
 * offering what it would refuse.
 */
export class Access {
  #everywhere;
  #grants;

  constructor(session) {
    /** Who is signed in. */
    this.subject = session.subject;
    this.#everywhere = new Set(session.permissions);
    this.#grants = session.grants;
  }

  /** On everything of the tenant, or on the thing that is named: `can("runs:cancel", "workflow", "etl/load")`. */
  can(permission, kind, name) {
    if (this.#everywhere.has(permission)) return true;
    if (kind === undefined) return false;
    return this.#grants.some((grant) => grant.permissions.includes(permission) && covers(grant, kind, name));
  }

  /** On something at least, of that kind if it is given: enough for a list that shows what one may see, or to make one. */
  canSomewhere(permission, kind) {
    return this.can(permission) || this.#grants.some((grant) => grant.permissions.includes(permission) && (kind === undefined || grant.kind === kind || grant.kind === "namespace"));
  }
}

function covers(grant, kind, name) {
  if (grant.kind === "namespace") return name.startsWith(`${grant.name}/`);
  return grant.kind === kind && grant.name === name;
}
