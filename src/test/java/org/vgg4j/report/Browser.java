package org.vgg4j.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A headless Chromium, by its debugging protocol. */
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final WebSocket socket;
  private final LinkedBlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();

  /** What was asked for or complained of since the last page was opened. */
  final List<String> requests = new ArrayList<>();

  final List<String> complaints = new ArrayList<>();
  private int last; // the last command's number

  /** Returns the program, null where there is none. */
  static Path program() {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      for (String name : NAMES) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program)) {
          return program;
        }
      }
    }
    return null;
  }

  /** Starts it with a profile of its own. */
  Browser(Path program, Path profile) throws IOException, InterruptedException {
    process =
        new ProcessBuilder(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    HttpClient client = HttpClient.newHttpClient();
    URI list = URI.create("http://127.0.0.1:" + port() + "/json/list");
    String pages =
        client.send(HttpRequest.newBuilder(list).build(), BodyHandlers.ofString()).body();
    String page = JSON.readTree(pages).get(0).get("webSocketDebuggerUrl").textValue();
    socket = client.newWebSocketBuilder().buildAsync(URI.create(page), new Listener()).join();
    for (String domain : List.of("Page", "Log", "Runtime", "Network")) {
      send(domain + ".enable", Map.of());
    }
  }

  private int port() throws IOException {
    BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith("DevTools listening on ")) {
        return URI.create(line.substring(line.indexOf("ws:"))).getPort();
      }
    }
    throw new IOException("Chromium ended before it listened");
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        try {
          messages.add(JSON.readTree(text.toString()));
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        text.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  /** Sends a command and returns its result. */
  private JsonNode send(String method, Map<String, ?> parameters)
      throws IOException, InterruptedException {
    ObjectNode command = JSON.createObjectNode().put("id", ++last).put("method", method);
    command.set("params", JSON.valueToTree(parameters));
    socket.sendText(JSON.writeValueAsString(command), true).join();
    JsonNode answer = await("id", Integer.toString(last));
    if (answer.has("error")) {
      throw new IOException(method + ": " + answer.get("error"));
    }
    return answer.get("result");
  }

  private JsonNode await(String key, String value) throws IOException, InterruptedException {
    while (true) {
      JsonNode message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (message == null) {
        throw new IOException("Chromium does not answer: waited for " + key + " " + value);
      }
      heard(message);
      if (message.path(key).asText().equals(value)) {
        return message;
      }
    }
  }

  private void heard(JsonNode message) {
    JsonNode what = message.path("params");
    switch (message.path("method").asText()) {
      case "Network.requestWillBeSent" -> requests.add(what.at("/request/url").asText());
      case "Log.entryAdded" -> complaints.add(what.at("/entry/text").asText());
      case "Runtime.consoleAPICalled", "Runtime.exceptionThrown" -> complaints.add(what.toString());
      default -> {}
    }
  }

  /**
   * Opens a page.
   *
   * @param width of the window, in pixels
   * @param isDark whether dark pages are preferred
   */
  void open(Path page, int width, boolean isDark) throws IOException, InterruptedException {
    requests.clear();
    complaints.clear();
    send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 800, "deviceScaleFactor", 1, "mobile", width < 600));
    media("", isDark);
    send("Page.navigate", Map.of("url", page.toUri().toString()));
    await("method", "Page.loadEventFired");
  }

  /** Shows the page as on a medium, such as print; with none as on a screen. */
  void media(String medium, boolean isDark) throws IOException, InterruptedException {
    Map<String, String> scheme =
        Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light");
    send("Emulation.setEmulatedMedia", Map.of("media", medium, "features", List.of(scheme)));
  }

  /** Returns how an expression comes out in the page. */
  JsonNode value(String expression) throws IOException, InterruptedException {
    Map<String, ?> parameters = Map.of("expression", expression, "returnByValue", true);
    return send("Runtime.evaluate", parameters).at("/result/value");
  }

  /** Writes the whole page as a PNG file. */
  void shoot(Path file) throws IOException, InterruptedException {
    JsonNode shot = send("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
    Files.write(file, Base64.getDecoder().decode(shot.get("data").textValue()));
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    process.onExit().join(); // its profile is deleted next
  }
}
