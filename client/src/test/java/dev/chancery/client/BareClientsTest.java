package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import jakarta.ws.rs.client.ClientBuilder;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.channels.SocketChannel;
import javax.net.SocketFactory;
import org.eclipse.microprofile.rest.client.RestClientBuilder;
import org.eclipse.microprofile.rest.client.inject.RegisterRestClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the rule finds in an application's code. */
class BareClientsTest {
    static final class NewHttpClient {
        Object make() {
            return HttpClient.newHttpClient();
        }
    }

    static final class BuiltHttpClient {
        Object make() {
            return HttpClient.newBuilder().build();
        }
    }

    static final class OpenedUrl {
        Object make() throws IOException {
            return URI.create("http://a.example").toURL().openConnection();
        }
    }

    static final class BareSocket {
        Object make() throws IOException {
            return new Socket("a.example", 80);
        }
    }

    static final class SocketOfAFactory {
        Object make() throws IOException {
            return SocketFactory.getDefault().createSocket("a.example", 80);
        }
    }

    static final class Channel {
        Object make() throws IOException {
            return SocketChannel.open();
        }
    }

    interface Payments {}

    static final class BuiltRestClient {
        Object make() {
            return QuarkusRestClientBuilder.newBuilder()
                    .baseUri(URI.create("http://a.example"))
                    .build(Payments.class);
        }
    }

    static final class BuiltMicroProfileClient {
        Object make() {
            return RestClientBuilder.newBuilder()
                    .baseUri(URI.create("http://a.example"))
                    .build(Payments.class);
        }
    }

    static final class NewJakartaClient {
        Object make() {
            return ClientBuilder.newClient();
        }
    }

    @RegisterRestClient
    interface InjectedClient {}

    static final class GuardedRest {
        Object make(EgressGuard guard) {
            return GuardedRestClient.build(
                    QuarkusRestClientBuilder.newBuilder().baseUri(URI.create("http://a.example")),
                    guard,
                    Payments.class);
        }
    }

    static final class Guarded {
        Object make(EgressGuard guard) {
            return guard.httpClient(HttpClient.newBuilder(), HttpClient.Redirect.NORMAL);
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                NewHttpClient.class,
                BuiltHttpClient.class,
                OpenedUrl.class,
                BareSocket.class,
                SocketOfAFactory.class,
                Channel.class,
                BuiltRestClient.class,
                BuiltMicroProfileClient.class,
                NewJakartaClient.class,
                InjectedClient.class
            })
    void aBareClientIsFound(Class<?> bare) {
        var classes = new ClassFileImporter().importClasses(bare);
        assertThatThrownBy(() -> BareClients.RULE.check(classes))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(bare.getSimpleName())
                .hasMessageContaining("EgressGuard.httpClient");
    }

    @ParameterizedTest
    @ValueSource(classes = {Guarded.class, GuardedRest.class})
    void aGuardedOneIsNone(Class<?> guarded) {
        assertThat(BareClients.RULE
                        .evaluate(new ClassFileImporter().importClasses(guarded))
                        .hasViolation())
                .isFalse();
    }
}
