/**
 * The egress policy: whether a workspace's programs may reach a URL. One engine for the firewall service, its proxy, the client
 * filters and {@code chancery egress check}.
 *
 * <p><b>Promises:</b> nothing is allowed but what a pattern allows, and an explicit deny beats every pattern. A host is read as
 * the URL Standard (WHATWG) reads it; a URL that two parsers could read differently is refused. No spelling of an address that is
 * not on the public internet is allowed, neither in the URL nor among the addresses that a name resolves to.
 *
 * <p><b>Does not promise:</b> to resolve names. Whoever connects resolves once, asks {@link EgressPolicy#admit} about all the
 * answers, and connects to one of those addresses; otherwise a name that changes its address reaches the inside.
 */
@NullMarked
package dev.chancery.firewall;

import org.jspecify.annotations.NullMarked;
