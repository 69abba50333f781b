package dev.chancery.client;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;

/**
 * A rule for an application's own architecture tests (ArchUnit): nothing makes a connection of its own, past the guard.
 *
 * <pre>{@code
 * @ArchTest
 * static final ArchRule egress = BareClients.RULE;
 * }</pre>
 *
 * <p>It finds what makes a {@code java.net.http.HttpClient} or a client of Jakarta REST, MicroProfile or Quarkus, opens a {@code java.net.URL},
 * or makes a socket or a channel; and interfaces that Quarkus makes a client of by itself ({@code @RegisterRestClient}). Where a builder is
 * handed to {@link EgressGuard#httpClient} or {@link GuardedRestClient#build}, only {@code newBuilder()} is called, which is allowed;
 * building it is not.
 *
 * <p><b>Does not promise</b> to find what reflection, native code or another library does.
 */
public final class BareClients {
    /** Methods that make a connection, or a client that makes its own. */
    private static final Map<String, Set<String>> CALLS = Map.of(
            "java.net.http.HttpClient", Set.of("newHttpClient"),
            "java.net.http.HttpClient$Builder", Set.of("build"),
            "java.net.URL", Set.of("openConnection", "openStream", "getContent"),
            "java.nio.channels.SocketChannel", Set.of("open"),
            "java.nio.channels.AsynchronousSocketChannel", Set.of("open"),
            "io.quarkus.rest.client.reactive.QuarkusRestClientBuilder", Set.of("build"),
            "org.eclipse.microprofile.rest.client.RestClientBuilder", Set.of("build"),
            "jakarta.ws.rs.client.ClientBuilder", Set.of("build", "newClient"),
            "javax.net.SocketFactory", Set.of("createSocket"),
            "javax.net.ssl.SSLSocketFactory", Set.of("createSocket"));

    private static final DescribedPredicate<JavaAccess<?>> MAKES_A_CONNECTION =
            describe("makes a connection of its own", BareClients::makesAConnection);

    public static final ArchRule RULE = noClasses()
            .should()
            .accessTargetWhere(MAKES_A_CONNECTION)
            .orShould()
            .beAnnotatedWith("org.eclipse.microprofile.rest.client.inject.RegisterRestClient")
            .as("no class should make a connection past Chancery's egress guard")
            .because(
                    "a workspace's list decides what is reached: use EgressGuard.httpClient, GuardedRestClient.build, or a client"
                            + " that goes through EgressGuard.proxyPort");

    private BareClients() {}

    private static boolean makesAConnection(JavaAccess<?> access) {
        JavaClass owner = access.getTargetOwner();
        boolean socket = access.getName().equals("<init>")
                && assignableTo("java.net.Socket").test(owner);
        return socket || CALLS.getOrDefault(owner.getName(), Set.of()).contains(access.getName());
    }
}
