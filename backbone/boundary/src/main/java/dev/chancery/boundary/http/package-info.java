/**
 * Where every call enters: REST and the standard endpoints.
 */
@NullMarked
package dev.chancery.boundary.http;

import org.jspecify.annotations.NullMarked;
