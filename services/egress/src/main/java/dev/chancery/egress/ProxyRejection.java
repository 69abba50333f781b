package dev.chancery.egress;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why the proxy refuses, but for {@link EgressRejection#DENIED}. */
final class ProxyRejection {
    static final Rejection MALFORMED = new Rejection(
            "proxy.malformed",
            Kind.INVALID,
            "The request can't be read, or could be read in two ways.",
            "Send HTTP/1.1: CONNECT host:port, or http://host/path with the same host in Host, and one way to frame the body.");

    static final Rejection TOKEN = new Rejection(
            "proxy.token",
            Kind.UNAUTHENTICATED,
            "The proxy doesn't know who calls.",
            "Send an access token in Proxy-Authorization: as Bearer, or as the password of Basic.");

    static final Rejection NO_WORKSPACE = new Rejection(
            "proxy.no-workspace",
            Kind.FORBIDDEN,
            "The access token acts in no workspace, and so has no list of hosts.",
            "Get a token for a workspace: workspace_id of IssueToken.");

    static final Rejection NOT_PERMITTED = new Rejection(
            "proxy.not-permitted",
            Kind.FORBIDDEN,
            "The caller may not use this workspace's egress.",
            "Have a role with egress:use assigned in the workspace.");

    static final Rejection TOO_MANY = new Rejection(
            "proxy.too-many",
            Kind.TOO_MANY,
            "The workspace has as many connections open as it may have.",
            "Close some, or wait.");

    static final Rejection BUSY = new Rejection(
            "proxy.busy",
            Kind.UNAVAILABLE,
            "The proxy has as many connections open as it can hold.",
            "Try again later.");

    static final Rejection UNAVAILABLE = new Rejection(
            "proxy.unavailable",
            Kind.UNAVAILABLE,
            "The proxy does not know the current lists, or can't record the connection, so it makes none.",
            "Try again later.");

    static final Rejection UNRESOLVED = new Rejection(
            "proxy.unresolved", Kind.UNAVAILABLE, "The host's name leads to no address.", "Check the name.");

    static final Rejection UNREACHABLE =
            new Rejection("proxy.unreachable", Kind.UNAVAILABLE, "The host could not be reached.", "Try again later.");

    static final Rejection NAME_DIFFERS = new Rejection(
            "proxy.name-differs",
            Kind.FORBIDDEN,
            "The connection asks for another host than the request named.",
            "Send the host of CONNECT as the server name of TLS, and the host of the URL as Host.");

    static final Rejection NOT_TLS = new Rejection(
            "proxy.not-tls",
            Kind.FORBIDDEN,
            "What goes through CONNECT has to be TLS.",
            "Send plain HTTP as http://host/path, without CONNECT.");

    static final Rejection DATA_BLOCKED = new Rejection(
            "proxy.data-blocked",
            Kind.FORBIDDEN,
            "The request holds personal data or a secret of a kind that the workspace lets out to nobody in clear.",
            "Leave it out, send the request over https, or have the kind taken off the workspace's list: SetDlpPolicy.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(ProxyRejection.class);

    private ProxyRejection() {}
}
