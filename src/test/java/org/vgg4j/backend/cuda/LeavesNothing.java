package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Sets the stand-in back before each test, and finds what a test left on it. */
public final class LeavesNothing
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  private Map<String, Long> before;

  @Override
  public void beforeAll(ExtensionContext context) {
    StandIn.require();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    StandIn.reset();
    before = StandIn.live();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    assertEquals(before, StandIn.live());
    assertEquals(0, StandIn.violations());
  }
}
