/**
 * The contract as OpenAPI 3.1, for tools and for people who read no protobuf. Made from what the contract declares at run time: methods,
 * fields with their rules, and each feature's rejections. What the standard endpoints take and answer their standards say; here it
 * stands in {@code openapi/standard-endpoints.json}, and an endpoint of the contract that isn't there ends the start.
 */
@NullMarked
package dev.chancery.app.openapi;

import org.jspecify.annotations.NullMarked;
