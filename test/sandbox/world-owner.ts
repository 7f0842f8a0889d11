/** A process that owns a world on the stack whose addresses (JSON) it is given, tells its folder, and then waits. */
import { type StackAddresses, World } from '../../sandbox/world.ts';

const [addresses = '{}', name = 'owned'] = process.argv.slice(2);
const world = await World.create(JSON.parse(addresses) as StackAddresses, { name });
console.log(world.folder);
process.stdin.resume();
