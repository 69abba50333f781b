/**
 * Who there is: the installation's owner, organisations, workspaces, principals, their sessions and tokens.
 *
 * <p><b>Promises.</b> There is one owner claim, and it works once. An organisation's log begins with its first grant. A principal signs
 * in with a key that only it holds; nobody is handed a secret. What is said about people is sealed before it is appended.
 *
 * A session has one refresh token that is good, and a spent one ends it.
 *
 * <p><b>Does not promise.</b> Passwords, cookies for browsers, single sign-on: those come on top of the same tokens.
 */
@NullMarked
package dev.chancery.identity;

import org.jspecify.annotations.NullMarked;
