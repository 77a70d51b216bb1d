import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** A push responder: it notes what new mail there is. */
class Orders {
    private static final byte[] OK =
            ("<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                            + "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\">"
                            + "<soap:Body><SendNotificationResult"
                            + " xmlns=\"http://schemas.microsoft.com/exchange/services/2006/messages\">"
                            + "<SubscriptionStatus>OK</SubscriptionStatus>"
                            + "</SendNotificationResult></soap:Body></soap:Envelope>")
                    .getBytes(StandardCharsets.UTF_8);
    private static final Pattern NEW_MAIL =
            Pattern.compile("<t:NewMailEvent>.*?<t:ItemId Id=\"([^\"]*)\".*?</t:NewMailEvent>", Pattern.DOTALL);

    /** The ids of the items, each once: an event comes again if an acknowledgement was lost. */
    private final Set<String> newMail = Collections.synchronizedSet(new LinkedHashSet<>());

    private HttpServer server;
    private int port = 0;

    /** Listen, at the same port as the last time. */
    void up() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::answer);
        server.start();
        port = server.getAddress().getPort();
    }

    /** Refuse connections, and end those there are. */
    void down() {
        server.stop(0);
    }

    String url() {
        return "http://127.0.0.1:" + port + "/";
    }

    List<String> newMail() {
        return List.copyOf(newMail);
    }

    private void answer(HttpExchange exchange) throws IOException {
        var notification = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        NEW_MAIL.matcher(notification).results().forEach(found -> newMail.add(found.group(1)));
        exchange.getResponseHeaders().set("Content-Type", "text/xml; charset=utf-8");
        exchange.sendResponseHeaders(200, OK.length);
        exchange.getResponseBody().write(OK);
        exchange.close();
    }
}
