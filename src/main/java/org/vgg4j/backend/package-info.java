/** The engines, one per package, and the factory that opens them by name. */
package org.vgg4j.backend;
