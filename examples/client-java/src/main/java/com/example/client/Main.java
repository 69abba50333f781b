package com.example.client;

import com.nimbusds.oauth2.sdk.id.ClientID;
import java.net.URI;
import java.nio.file.Path;

/** A program of your own, in six commands. README.md says what to type. */
public final class Main {
    private static final String USAGE = """
            usage: key       KEY                                             make a key, or read it; prints what to register
                   check     URL CLIENT_ID KEY SUBJECT RESOURCE CAPABILITY   ask whether somebody may do something
                   subscribe KAFKA_CLIENT_FILE TOPIC ORGANISATION PARKED_FILE  print an organisation's events of one feature
                   parked    PARKED_FILE                                     list events that could not be read
                   replay    PARKED_FILE                                     try them again
                   follow    KAFKA_CLIENT_FILE LOG POSITION_FILE             print an organisation's whole log""";

    private Main() {}

    public static void main(String... words) throws Exception {
        try {
            switch (words.length == 0 ? "" : words[0] + " and " + (words.length - 1)) {
                case "key and 1" ->
                    System.out.println(ClientKey.at(Path.of(words[1])).publicKey());
                case "check and 6" -> System.out.println(check(words));
                case "subscribe and 4" ->
                    Subscriber.subscribe(Path.of(words[1]), words[2], words[3], Path.of(words[4]));
                case "parked and 1" -> new ParkedEvents(Path.of(words[1])).list();
                case "replay and 1" -> new ParkedEvents(Path.of(words[1])).replay();
                case "follow and 3" -> new Follower(Path.of(words[1]), words[2], Path.of(words[3])).follow();
                default -> {
                    System.err.println(USAGE);
                    System.exit(2);
                }
            }
        } catch (Instance.Refused e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static String check(String... words) throws Exception {
        Instance instance = Instance.at(URI.create(words[1]));
        var token = instance.signIn(new ClientID(words[2]), ClientKey.at(Path.of(words[3])));
        return instance.check(token, words[4], words[5], words[6]).toString();
    }
}
