package dev.chancery.schema;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.chancery.schema.contract.ContractFiles;
import dev.chancery.schema.log.v1.Statement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The contract this build serves. Read by the gRPC and REST faces, the boundary checks and the command line alike.
 *
 * <p><b>Thread safety:</b> immutable, apart from the arrays it hands out, which are copies.
 */
public final class Contract {
    /** Where the {@code google.protobuf.FileDescriptorSet} lies on the class path. */
    public static final String RESOURCE = "/chancery/contract.binpb";

    private final List<FileDescriptor> files;
    private final List<ContractMethod> methods;
    private final List<ContractEndpoint> endpoints;
    private final List<ContractAction> actions;
    private final SortedMap<String, EventType> events;
    private final Map<String, ContractCapability> described;
    private final byte[] bytes;

    private Contract(
            List<FileDescriptor> files,
            List<ContractMethod> methods,
            List<ContractEndpoint> endpoints,
            List<ContractAction> actions,
            SortedMap<String, EventType> events,
            Map<String, ContractCapability> described,
            byte[] bytes) {
        this.files = files;
        this.methods = methods;
        this.endpoints = endpoints;
        this.actions = actions;
        this.events = Collections.unmodifiableSortedMap(events);
        this.described = Map.copyOf(described);
        this.bytes = bytes;
    }

    /**
     * Reads the contract and checks it.
     *
     * @throws InvalidContract if it is incomplete or contradicts itself
     */
    public static Contract load() {
        List<ContractPart> parts = ServiceLoader.load(ContractPart.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(part -> part.file().getFullName()))
                .toList();
        var roots = Stream.concat(
                        Stream.of(ContractFiles.getDescriptor()), parts.stream().map(ContractPart::file))
                .toList();
        var reader = new ContractReader(roots, GeneratedMessages::prototype);
        return new Contract(
                reader.files(),
                reader.methods(),
                reader.endpoints(),
                reader.actions(),
                reader.events(),
                reader.capabilities(),
                read(parts));
    }

    private static byte[] read(List<ContractPart> parts) {
        try (InputStream in = Contract.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new InvalidContract(RESOURCE, "is not on the class path");
            }
            var bytes = new ByteArrayOutputStream();
            in.transferTo(bytes);
            // Serialised sets, one after the other, are the serialised union of them.
            for (ContractPart part : parts) {
                FileDescriptorSet.newBuilder()
                        .addFile(part.file().toProto())
                        .build()
                        .writeTo(bytes);
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every method: public ones first, then by full name. */
    public List<ContractMethod> methods() {
        return methods;
    }

    /** The method that gRPC calls {@code service/Name}. */
    public Optional<ContractMethod> method(String fullName) {
        return methods.stream()
                .filter(method -> method.fullName().equals(fullName))
                .findFirst();
    }

    /** What is served besides the methods: public ones first, then in the order of the files. */
    public List<ContractEndpoint> endpoints() {
        return endpoints;
    }

    /** What is recorded without a call of any method, in the order of the files. */
    public List<ContractAction> actions() {
        return actions;
    }

    /** Every type of event, by full name. */
    public Map<String, EventType> events() {
        return events;
    }

    /**
     * The capabilities that the contract's methods and endpoints ask for or are widened by, sorted, each once.
     *
     * @param instance for the log of the tenant {@code instance}: all; otherwise without those only its methods ask for
     */
    public List<String> capabilities(boolean instance) {
        Set<String> instanceOnly = methods.stream()
                .filter(ContractMethod::instanceOnly)
                .flatMap(Contract::capabilities)
                .collect(Collectors.toSet());
        Stream<String> ofEndpoints = endpoints.stream()
                .map(ContractEndpoint::capability)
                .filter(capability -> instance || !instanceOnly.contains(capability));
        return Stream.concat(
                        methods.stream()
                                .filter(method -> instance || !method.instanceOnly())
                                .flatMap(Contract::capabilities),
                        ofEndpoints)
                .filter(capability -> !capability.isEmpty())
                .distinct()
                .sorted()
                .toList();
    }

    private static Stream<String> capabilities(ContractMethod method) {
        return Stream.concat(Stream.of(method.capability()), method.widenedBy().stream());
    }

    /** The fields of statements and events that an installation may hide: each with its message's full name before it. */
    public Set<String> hideable() {
        return Stream.concat(
                        Stream.of(Statement.getDescriptor()),
                        events.values().stream().map(event -> event.prototype().getDescriptorForType()))
                .flatMap(message -> message.getFields().stream())
                .filter(field -> ClassRule.contract(field).getHideable())
                .map(FieldDescriptor::getFullName)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** What is said of a capability; nothing but its name where the contract says nothing. */
    public ContractCapability described(String capability) {
        return described.getOrDefault(capability, new ContractCapability(capability, "", 0, false, ""));
    }

    /** The exact {@code FileDescriptorSet} that logs adopt and exports carry, imports included; the same on every build. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** SHA-256 of {@link #bytes()}: what {@code ContractAdopted} names. */
    public byte[] sha256() {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The contract's own files, in their order, without imports from elsewhere. */
    List<FileDescriptor> files() {
        return files;
    }
}
