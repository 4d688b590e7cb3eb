using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ResizeLora.Tests.Runtime;

/// <summary>
/// A NuGet feed of version 3 on this machine, which serves a folder of packages, breaks off when it is told to, and knows ranges or not.
/// Compiled by the tests of the module too, with Add-Type.
/// </summary>
public sealed class ServedFeed : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly string folder;
    private readonly string root;

    /// <summary>Serves a folder.</summary>
    /// <param name="folder">The folder of the packages.</param>
    public ServedFeed(string folder)
    {
        this.folder = folder;
        root = FormattableString.Invariant($"http://localhost:{FreePort()}/");
        listener.Prefixes.Add(root);
        listener.Start();
        _ = ServeAsync();
    }

    /// <summary>The address of the feed.</summary>
    public string Address => root + "index.json";

    /// <summary>The bytes of a package after which an answer breaks off; null for none.</summary>
    public int? BreakAfter { get; set; }

    /// <summary>How many packages are still sent, whole or in part; after them the feed sends none.</summary>
    public int Answers { get; set; } = int.MaxValue;

    /// <summary>Whether an answer may begin in the middle of a package.</summary>
    public bool KnowsRanges { get; set; } = true;

    /// <summary>The user and the password that are asked for, such as <c>user:secret</c>; null for none.</summary>
    public string? Credentials { get; set; }

    /// <summary>The bytes from which packages were asked for, in the order of the requests.</summary>
    public ConcurrentQueue<long> Offsets { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => listener.Close();

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                Serve(await listener.GetContextAsync().ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
            {
                // The feed was closed, or the client has gone.
            }
        }
    }

    private void Serve(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        string? credentials = context.Request.Headers["Authorization"];
        if (Credentials is { } asked && credentials != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(asked)))
        {
            context.Response.AddHeader("WWW-Authenticate", "Basic realm=\"feed\"");
            Refuse(context, HttpStatusCode.Unauthorized);
        }
        else if (path == "/index.json")
        {
            SendText(
                context,
                "{\"version\":\"3.0.0\",\"resources\":[{\"@id\":\"" + root + "flat/\",\"@type\":\"PackageBaseAddress/3.0.0\"}]}"
            );
        }
        else if (path.EndsWith("/index.json", StringComparison.Ordinal))
        {
            string id = path.Split('/')[2];
            string[] files = Directory.GetFiles(folder, id + ".*.nupkg");
            string version = files.Length == 0 ? string.Empty : Path.GetFileNameWithoutExtension(files[0])[(id.Length + 1)..];
            SendText(context, files.Length == 0 ? "{\"versions\":[]}" : "{\"versions\":[\"" + version + "\"]}");
        }
        else if (Answers-- > 0)
        {
            SendPackage(context, Path.Combine(folder, Path.GetFileName(path)));
        }
        else
        {
            Refuse(context, HttpStatusCode.NotFound);
        }
    }

    private void SendPackage(HttpListenerContext context, string path)
    {
        byte[] package = File.ReadAllBytes(path);
        string? range = context.Request.Headers["Range"];
        long offset = range is null ? 0 : long.Parse(range.Split('=', '-')[1], CultureInfo.InvariantCulture);
        Offsets.Enqueue(offset);
        if (KnowsRanges && range is not null)
        {
            context.Response.StatusCode = (int)HttpStatusCode.PartialContent;
            context.Response.AddHeader(
                "Content-Range",
                FormattableString.Invariant($"bytes {offset}-{package.Length - 1}/{package.Length}")
            );
        }
        else
        {
            offset = 0;
        }

        int count = package.Length - (int)offset;
        context.Response.ContentLength64 = count;
        if (BreakAfter is { } most && most < count)
        {
            context.Response.OutputStream.Write(package, (int)offset, most);
            context.Response.OutputStream.Flush();
            context.Response.Abort();
        }
        else
        {
            context.Response.OutputStream.Write(package, (int)offset, count);
            context.Response.Close();
        }
    }

    private static void SendText(HttpListenerContext context, string text)
    {
        context.Response.ContentType = "application/json";
        context.Response.Close(Encoding.UTF8.GetBytes(text), willBlock: false);
    }

    private static void Refuse(HttpListenerContext context, HttpStatusCode status)
    {
        context.Response.StatusCode = (int)status;
        context.Response.Close();
    }
}
