# The list of packages that Install-ResizeLoraRuntime fetches, with their hashes: written from the packages themselves.
Set-StrictMode -Version Latest

$root = Split-Path $PSScriptRoot
$listPath = Join-Path $root 'src' 'ResizeLora.Runtime' 'ResizeLora.Runtime.json'

# The runtimes that there are, and the package that names all others of each.
$runtimes = @(
    @{ torch = 'Cpu'; platform = 'linux-x64'; package = 'libtorch-cpu-linux-x64' }
    @{ torch = 'Cpu'; platform = 'win-x64'; package = 'libtorch-cpu-win-x64' }
    @{ torch = 'Cpu'; platform = 'osx-arm64'; package = 'libtorch-cpu-osx-arm64' }
    @{ torch = 'Cuda'; platform = 'linux-x64'; package = 'TorchSharp-cuda-linux' }
    @{ torch = 'Cuda'; platform = 'win-x64'; package = 'TorchSharp-cuda-windows' }
)

# Restores a package and what it depends on; gives the folders of those of libtorch, or nothing where a source lacks one.
function Get-TorchPackage([string] $Package, [string] $VersionProperty, [string] $Folder) {
    $project = Join-Path $Folder "restore-$Package.csproj"
    Set-Content -LiteralPath $project -Value @"
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
  <Import Project="$(Join-Path $root 'Directory.Build.props')" />
  <ItemGroup><PackageReference Include="$Package" Version="`$($VersionProperty)" /></ItemGroup>
</Project>
"@
    & dotnet restore $project -p:BaseIntermediateOutputPath=$Package/ -p:NuGetAudit=false -p:TreatWarningsAsErrors=false | Out-Host
    if ($LASTEXITCODE -eq 0) {
        $assets = Get-Content -Raw -LiteralPath (Join-Path $Folder $Package 'project.assets.json') | ConvertFrom-Json -AsHashtable
        foreach ($library in $assets.libraries.Keys | Where-Object { $_.StartsWith('libtorch-') } | Sort-Object) {
            Join-Path @($assets.packageFolders.Keys)[0] $assets.libraries[$library].path
        }
    }
}

# What a package adds to a runtime: its hash, and the bytes of what is kept of it. Nothing for a package that only names others.
function Get-PackageEntry([string] $Folder, [string] $Platform, [regex] $Unused) {
    $version = Split-Path -Leaf $Folder
    $file = Get-Item -Path (Join-Path $Folder '*.nupkg')
    $archive = [System.IO.Compression.ZipFile]::OpenRead($file.FullName)
    try {
        $kept = $archive.Entries | Where-Object {
            $_.FullName -match "^(runtimes|fragments)/$Platform/native/[^/]+$" -and $_.Name -notlike '*.sha' -and
            -not $Unused.IsMatch([System.IO.Path]::GetFileNameWithoutExtension($_.Name))
        }
    }
    finally {
        $archive.Dispose()
    }

    if ($kept) {
        [ordered]@{
            id = $file.Name.Substring(0, $file.Name.Length - ".$version.nupkg".Length)
            version = $version
            length = $file.Length
            installedLength = [long] ($kept | Measure-Object -Property Length -Sum).Sum
            sha512 = [Convert]::ToBase64String(
                [System.Security.Cryptography.SHA512]::HashData([System.IO.File]::ReadAllBytes($file.FullName))
            )
        }
    }
}

<#
.SYNOPSIS
Writes the list of packages anew. A runtime whose packages cannot be had stays as it was, with a warning.
#>
function Update-RuntimePackageList {
    [CmdletBinding(SupportsShouldProcess)]
    param()

    $unused = [regex] (& dotnet msbuild (Join-Path $root 'src' 'ResizeLora.Runtime') -getProperty:UnusedTorchLibraries)
    $known = @(Get-Content -Raw -LiteralPath $listPath | ConvertFrom-Json)
    $name = "resizelora-$([guid]::NewGuid().ToString('N'))"
    $folder = New-Item -ItemType Directory -Path (Join-Path ([System.IO.Path]::GetTempPath()) $name)
    try {
        $list = foreach ($one in $runtimes) {
            $versionProperty = $one.torch -eq 'Cpu' ? 'LibTorchVersion' : 'TorchSharpVersion'
            $packages = @(
                Get-TorchPackage $one.package $versionProperty $folder | ForEach-Object { Get-PackageEntry $_ $one.platform $unused }
            )
            if ($packages.Count -gt 0) {
                [ordered]@{ torch = $one.torch; platform = $one.platform; packages = $packages }
            }
            else {
                Write-Warning "$($one.package) cannot be had; what the list says of $($one.torch) on $($one.platform) stays."
                $known | Where-Object { $_.torch -eq $one.torch -and $_.platform -eq $one.platform }
            }
        }
    }
    finally {
        Remove-Item -LiteralPath $folder -Recurse
    }

    if ($PSCmdlet.ShouldProcess($listPath, 'Write the list')) {
        Set-Content -LiteralPath $listPath -Value ((ConvertTo-Json -InputObject @($list) -Depth 5) -replace "`r`n", "`n")
    }
}

<#
.SYNOPSIS
Throws where the list does not fit the versions that the build uses, or lacks a hash.
#>
function Assert-RuntimePackageList {
    [CmdletBinding()]
    param()

    $version = & dotnet msbuild (Join-Path $root 'src' 'ResizeLora.Runtime') -getProperty:LibTorchVersion
    foreach ($one in Get-Content -Raw -LiteralPath $listPath | ConvertFrom-Json) {
        foreach ($package in $one.packages) {
            if ($package.version -ne $version -or -not $package.sha512) {
                throw "$listPath has no hash of $($package.id) $version. ./build.ps1 -Task RuntimeHash writes it."
            }
        }
    }
}

Export-ModuleMember -Function Update-RuntimePackageList, Assert-RuntimePackageList
