/**
 * Who may do what: an organisation's capabilities and roles, who holds them where and until when, and the check.
 *
 * <p><b>Promises.</b> Nobody grants themselves, and nobody grants what they neither hold nor may delegate (ADR 11). A role bundles only
 * what is defined. Retiring, revoking and expiring count at once, for
 * whatever is decided after.
 *
 * <p><b>Does not promise.</b> Roles that inherit from roles: there are none.
 */
@NullMarked
package dev.chancery.access;

import org.jspecify.annotations.NullMarked;
