/**
 * An organisation's role model as a file: read from an instance, compared with it, and brought to it, by the public methods alone and with
 * the caller's own token. {@code docs/reference/model.md} describes the file.
 */
@NullMarked
package dev.chancery.cli.model;

import org.jspecify.annotations.NullMarked;
