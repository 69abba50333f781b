/**
 * Where every call enters: who calls, by access token.
 */
@NullMarked
package dev.chancery.boundary.tokens;

import org.jspecify.annotations.NullMarked;
