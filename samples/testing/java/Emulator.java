import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

/**
 * {@code ewspush emulate} for tests, by its control API: /emulator/openapi.json has all of it. It is a
 * process of its own, which ends with this one.
 */
class Emulator implements AutoCloseable {
    private final Process process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;

    Emulator() throws IOException {
        var command = System.getenv().getOrDefault("EWSPUSH", "ewspush");
        process =
                new ProcessBuilder(
                                command, "emulate", "--http", "127.0.0.1:0", "--lmtp", "127.0.0.1:0",
                                "--json", "--until-eof")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        var ready = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (ready == null) {
            throw new IOException("the emulator did not start");
        }
        url = "http://" + text(ready, "http") + "/emulator/";
    }

    /** As after the start. */
    void reset() throws IOException, InterruptedException {
        post("reset", "{}");
    }

    /** Let time pass, by a duration of ISO 8601. All that is due meanwhile has happened then. */
    void advance(String by) throws IOException, InterruptedException {
        post("time/advance", "{\"by\": \"" + by + "\"}");
    }

    void createMailbox(String address) throws IOException, InterruptedException {
        post("mailboxes", "{\"address\": \"" + address + "\"}");
    }

    /** Mail comes in; the id of the item. */
    String deliver(String address, String subject) throws IOException, InterruptedException {
        return text(post("mailboxes/" + address + "/mail", "{\"subject\": \"" + subject + "\"}"), "id");
    }

    /** Subscribe, and wait until the first notification was answered or has failed; its id. */
    String subscribe(String address, String url) throws IOException, InterruptedException {
        var mailbox = "{\"mailbox\": \"" + address + "\", ";
        var wanted = mailbox + "\"url\": \"" + url + "\", \"status_frequency_min\": 30}";
        var id = text(post("subscriptions", wanted), "id");
        post(
                "wait",
                "{\"for\": \"notification\", \"subscription\": \"" + id + "\", \"after\": 0, \"timeout_s\": 60}");
        return id;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
    }

    private String post(String path, String json) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(URI.create(url + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(json))
                        .build();
        var answer = client.send(request, BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(path + ": " + text(answer.body(), "error"));
        }
        return answer.body();
    }

    /** A value of a JSON object. With a JSON library at hand, use that. */
    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\\s*\"([^\"]*)\"").matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return found.group(1);
    }
}
