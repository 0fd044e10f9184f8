// The functions of the measurement as a Worker.
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/raw') return new Response(await request.arrayBuffer());
    const args = await request.json();
    switch (pathname) {
      case '/hello':
        return Response.json({ body: `Hello ${args.name || 'stranger'}!` });
      case '/echo':
        return Response.json(args);
      case '/sleep':
        await new Promise((resolve) => setTimeout(resolve, 50));
        return Response.json({ slept: 50 });
      default:
        return new Response(null, { status: 404 });
    }
  },
};
