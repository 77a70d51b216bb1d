import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the responder copes with trouble. */
class OrdersTest {
    private static final String ADDRESS = "test@example.org";
    private static Emulator emulator;
    private final Orders orders = new Orders();

    @BeforeAll
    static void start() throws Exception {
        emulator = new Emulator();
    }

    @AfterAll
    static void stop() throws Exception {
        emulator.close();
    }

    @BeforeEach
    void begin() throws Exception {
        emulator.reset();
        emulator.createMailbox(ADDRESS);
        orders.up();
    }

    @AfterEach
    void end() {
        orders.down();
    }

    @Test
    void nothingIsMissedWhileTheResponderIsDown() throws Exception {
        emulator.subscribe(ADDRESS, orders.url());
        orders.down();
        var first = emulator.deliver(ADDRESS, "Order 1");
        var second = emulator.deliver(ADDRESS, "Order 2");
        emulator.advance("PT7M");
        orders.up();
        emulator.advance("PT1M");
        assertEquals(List.of(first, second), orders.newMail());
    }
}
