/** Data sets: found on this machine, fetched, and read from their files. */
package org.vgg4j.data.sets;
