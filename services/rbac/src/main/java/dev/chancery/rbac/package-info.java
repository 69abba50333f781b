/**
 * The RBAC views: capabilities, roles, principals, assignments and workspaces of each tenant, in rows that follow its log, and the
 * lists read from them.
 *
 * <p><b>Promises.</b> The same records give the same rows, in whatever runs they arrive, so that rebuilt views compare equal
 * ({@link dev.chancery.projection.ViewHash}). Rows keep the position they are valid from and the one that ended them.
 *
 * <p><b>Does not promise.</b> No decision is made here and none rests on these rows: lists may trail the log, unless the reader
 * carries a position. Holds no names and no keys, and checks no rule that the command features have checked already.
 */
@NullMarked
package dev.chancery.rbac;

import org.jspecify.annotations.NullMarked;
